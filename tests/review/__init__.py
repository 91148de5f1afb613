"""The reviewer, the servers it must find at fault, and ours."""
