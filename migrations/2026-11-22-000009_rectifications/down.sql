DROP TABLE record_photos;
DROP TABLE fire_points;
DROP TABLE rectification_records;
DROP TABLE rectification_steps;
DROP TABLE rectifications;
