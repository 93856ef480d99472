INSERT INTO pulled (entity, id, json) VALUES ('target', '00000000-0000-0000-0000-000000000001',
    '{"target_id":"00000000-0000-0000-0000-000000000001","kind":"stockpile","code":null,"name":"煤场","address":"","point":{"lon":113.3,"lat":35.2},"grid":"410804/001","unit_id":"00000000-0000-0000-0000-00000000000f","supervising_department":null,"responsible_person":null,"facts":{},"version":2}');
INSERT INTO register_entry (entry_no, target_id, name, code, lon, lat) VALUES
    (1, '00000000-0000-0000-0000-000000000001', '煤场', NULL, 113.3, 35.2);
INSERT INTO register_search (rowid, name, code, initials) VALUES (1, '煤场 场', '', 'c mc');
INSERT INTO position (one, cursor, server_time) VALUES (1, 'c1', 1000);
