DROP TABLE link_proofs;
DROP TABLE ownership_transfers;
