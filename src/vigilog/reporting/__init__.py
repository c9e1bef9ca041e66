"""`vigilog report`: what services did over a range of time, from the command line and logwatch's files to the report and its
delivery. What a section says is `report/`'s; what is read, how it is filtered, who counts it and where it goes is decided here.
"""
