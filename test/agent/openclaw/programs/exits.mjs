process.stdout.write("config is broken: gateway.port\n");
process.exitCode = 78;
