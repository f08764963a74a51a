"""Lists of people that educators bring along: pasted texts, CSV files, and OneRoster exports of a school's system.

They are read here without a database: what is wrong with a line is told beside its number.
"""
