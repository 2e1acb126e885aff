# Images of static binaries and nothing else; make compose-test builds these
# into bin/.
FROM scratch AS flatline
COPY bin/flatline /flatline
ENTRYPOINT ["/flatline"]

# Toxiproxy's own server, as its module has it.
FROM scratch AS stock
COPY bin/toxiproxy-server /toxiproxy-server
ENTRYPOINT ["/toxiproxy-server"]
