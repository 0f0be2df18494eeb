"""What others know of services: users' own signatures in TOML, and the fingerprints of Recog, which a user brings.

::

    toml_reading -> signature --.
                                |-- library -> manner, interview
    recog_reading -> recog -----'
"""
