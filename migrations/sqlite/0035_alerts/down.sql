DROP INDEX outbox_alerts;
