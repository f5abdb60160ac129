"""What is known of a recording beside its sound: who made it, when, on which record, and what services call it.

``values``     what each key of ``.INFO`` may look like
``tags``       what the recording's own tags say
``names``      what its name says, and names that T5 knows
``matching``   whether what a service offers is the same recording
``sources``    the services, each with a small client of its own
``collect``    all of that put together for one track
``renaming``   track folders under names that T5 knows
"""
