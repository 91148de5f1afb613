"""The rules of a team that runs realtime: what each file says, and how it joins a folder that has files already."""
