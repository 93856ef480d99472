DROP TABLE changes;
DROP TABLE districts;
DROP FUNCTION refuse_rewrite;
