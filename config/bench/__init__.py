"""How fast is it, against limits that have a name? Each file measures one thing; `manage.py bench` prints them all."""
