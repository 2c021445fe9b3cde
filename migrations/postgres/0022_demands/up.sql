-- What a connection demands of its identity provider's assertions, and from which attributes it reads
-- the person. What is not in the document has its default.
ALTER TABLE connections ADD COLUMN demands jsonb NOT NULL DEFAULT '{}';
