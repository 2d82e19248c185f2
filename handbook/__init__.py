"""The documentation site: `python -m handbook` fills in the pages of docs/ and builds them.

pages        copies docs/, checks that every page has its translation, fills in `<!-- put: NAME -->`
reference    what is put there of the package: public names, commands, errors, models' cards
results      of benchmarks/: tables
gallery      sounds before and after, made by the models as the site is built
figures      drawings and curves of the tutorials, which are kept in docs/learn
mathml       a hook of MkDocs: formulas as MathML, which browsers draw by themselves
"""
