DROP TABLE month_sums;
