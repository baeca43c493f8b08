"""`python -m knowledge_client.command`, where no scripts are on the path."""

from knowledge_client.command import main

raise SystemExit(main())
