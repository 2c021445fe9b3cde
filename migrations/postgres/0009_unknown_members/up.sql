-- Whether a group may name members who are nobody here: they are left out, and the rest is done.
ALTER TABLE connections ADD COLUMN tolerate_unknown_members boolean NOT NULL DEFAULT false;
