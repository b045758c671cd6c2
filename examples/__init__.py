"""Things to copy: a relying party, a protected API, and a host project that installs one app."""
