"""How bytes leave and arrive: packet rings, raw IP, connect(), a fake; routes, neighbours, and what this machine allows."""
