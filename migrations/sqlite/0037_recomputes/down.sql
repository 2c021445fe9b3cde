DROP INDEX mappings_bound;
DROP TABLE recompute_people;
DROP TABLE recomputes;
