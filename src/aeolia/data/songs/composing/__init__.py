"""Composition by rule: style, form and harmony first, then the parts that play them."""
