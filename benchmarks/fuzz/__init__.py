"""Damaged and hostile files of every kind that the commands read: no harm, and one line each."""
