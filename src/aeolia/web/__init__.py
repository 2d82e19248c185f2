"""`aeolia web`: the toolkit in a browser, on the user's own machine.

    store.py    what was uploaded and made, in a temporary folder that ends with the server
    worker.py   a process that runs operations;  jobs.py  a bounded queue of them
    player.py   all versions of a sound as one file, to be played in step;  look.py  its pictures
    sounds.py   a stretch of a sound, and a mix of several
    guard.py    who may ask: this machine's own pages, or who knows the password
    routes/     what can be asked for;  static/  the page
    app.py      all of it as one ASGI application;  server.py  which uvicorn serves

Needs the extra `web`; only `aeolia.cli.web` imports it, inside its function.
"""
