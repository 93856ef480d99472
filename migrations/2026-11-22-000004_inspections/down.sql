DROP TABLE uploads;
DROP TABLE inspection_photos;
DROP TABLE photos;
DROP TABLE inspections;
DROP TABLE operations;
