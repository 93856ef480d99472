DROP TABLE closed_cases;
DROP TABLE closed_names;
