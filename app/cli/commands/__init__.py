"""What `blindread` can be asked, a file a subject: commands are declared here and done in `app.cli`, loaded when called."""

from app.cli.commands import analyses, generators, people, processes, studies

SUBJECTS = (processes, studies, people, generators, analyses)
