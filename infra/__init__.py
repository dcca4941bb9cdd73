"""Where the program is put together: settings, store, relay, servers, HTTP and the command line."""
