"""English: 14:22, since “2:22 p.m.” ends a sentence with two stops, and reads worse in a list."""

TIME_FORMAT = "H:i"
DATETIME_FORMAT = "N j, Y, H:i"
SHORT_DATETIME_FORMAT = "m/d/Y H:i"
