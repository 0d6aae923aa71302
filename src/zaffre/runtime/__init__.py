"""Programs that run next to user code; standard library only where user code is near."""
