# Doublet without a window, for batches: docker run --rm -v "$PWD:/data" doublet fit *.vms --preset ...
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m pip install --no-cache-dir --prefix=/installed .

FROM python:3.13-slim
COPY --from=build /installed /usr/local
# The kernels are compiled into the image; on another processor the first fit compiles them again.
ENV NUMBA_CACHE_DIR=/opt/doublet-cache
RUN doublet setup-cache && chmod -R a+rwX /opt/doublet-cache
WORKDIR /data
ENTRYPOINT ["doublet"]
CMD ["--help"]
