"""The engine: what moves records from the sources into the ledgers, exactly once."""
