DROP TABLE audit_events;
DROP TABLE device_challenges;
DROP TABLE enrolment_codes;
DROP TABLE device_users;
DROP TABLE devices;
DROP TABLE sessions;
DROP TABLE assignments;
DROP TABLE users;
