DROP TABLE targets;
DROP TABLE pack_adoptions;
DROP TABLE packs;
DROP TABLE zones;
DROP TABLE grids;
DROP TABLE units;
