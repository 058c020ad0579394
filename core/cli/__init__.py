"""The command line: the services that the pages call, for scripts, cron and proofs. No logic of its own."""
