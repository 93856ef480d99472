INSERT INTO identity (one, user_id, incarnation, last_device_seq, epoch, backed_up_through) VALUES
    (1, '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b', 5,
     '00000000-0000-0000-0000-00000000000e', 1000);
INSERT INTO operation
    (op_id, incarnation, device_seq, kind, subject, occurred_at, bytes, state, missing, refusal, acknowledged_at)
VALUES
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 1, 'submit_inspection',
     'a', 0, CAST('{"op":1}' AS BLOB), 'waiting', NULL, NULL, NULL),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000b', 2, 'submit_inspection',
     'b', 0, CAST('{"op":2}' AS BLOB), 'held', '[]', NULL, NULL),
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-00000000000b', 3, 'register_target',
     'c', 0, NULL, 'applied', NULL, NULL, 900),
    ('00000000-0000-0000-0000-000000000004', '00000000-0000-0000-0000-00000000000b', 4, 'submit_inspection',
     'd', 0, CAST('{"op":4}' AS BLOB), 'refused', NULL, '{"code":"kind_unknown","field":null,"zh":"","en":""}', 900),
    ('00000000-0000-0000-0000-000000000005', '00000000-0000-0000-0000-00000000000b', 5, 'submit_inspection',
     'e', 0, CAST('{"op":5}' AS BLOB), 'quarantined', NULL, NULL, 900);
INSERT INTO inspection (inspection_id, lineage, replaces, target_id, op_id, occurred_at, json) VALUES
    ('00000000-0000-0000-0000-000000000011', '00000000-0000-0000-0000-000000000011', NULL, NULL,
     '00000000-0000-0000-0000-000000000001', 0, '{}');
INSERT INTO target_overlay (op_id, target_id, base_version, json) VALUES
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000021', 0, '{}');
INSERT INTO photo (sha256, size, state, upload_url, upload_offset, refusal, verified_at) VALUES
    ('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 1000, 'waiting', '/u', 10, NULL, NULL);
INSERT INTO draft (inspection_id, saved_at, json) VALUES
    ('00000000-0000-0000-0000-000000000031', 0, '{}');
