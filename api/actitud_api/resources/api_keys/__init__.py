"""Keys over HTTP: who may be let at what, handed out, replaced, ended, and reported by whoever finds one."""
