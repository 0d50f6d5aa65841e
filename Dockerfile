# syntax=docker/dockerfile:1.10
# One image a target: `cpu` for the API, its services, workers and Dask; `gpu` for the worker that trains.
#   docker build --target cpu --tag cowese:cpu .

FROM python:3.11.15-slim-bookworm AS base
ENV PATH=/opt/cowese/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN python -m venv /opt/cowese \
    && groupadd --gid 10001 cowese \
    && useradd --uid 10001 --gid cowese --create-home cowese \
    && install --directory --owner=cowese --group=cowese /store
WORKDIR /app
COPY constraints.txt ./

# The package as a wheel: the images hold what is installed, no sources and no build folder.
FROM base AS wheel
COPY . .
RUN pip wheel --no-deps --wheel-dir /wheel .

# torch first and alone, so that nothing that comes after may choose another build. Without its dependencies: that index
# carries other versions of them than constraints.txt pins, so they come from PyPI in the next step.
FROM base AS torch-cpu
# Its headers are for a compiler, which this image has not.
RUN pip install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
    && rm -rf /opt/cowese/lib/python3*/site-packages/torch/include

# The build of PyPI brings CUDA's libraries; the driver comes from the host. torch.compile needs a C compiler.
FROM base AS torch-gpu
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --constraint constraints.txt torch==2.13.0

FROM torch-cpu AS cpu
COPY pyproject.toml README.md LICENSE ./
# The dependencies alone, without their tests, in a layer that a change of the code leaves as it is.
RUN pip install --constraint constraints.txt '.[dask,postgres,services]' && pip uninstall --yes cowese \
    && rm -rf /app/build /app/*.egg-info \
    && find /opt/cowese/lib -type d -name tests -prune -exec rm -rf {} +
COPY --from=wheel /wheel /wheel
RUN pip install --no-deps --no-index /wheel/*.whl
USER 10001:10001
ENV COWESE_STORE=/store HOME=/home/cowese
VOLUME /store
CMD ["cowese", "--help"]

FROM torch-gpu AS gpu
COPY pyproject.toml README.md LICENSE ./
# The dependencies alone, without their tests, in a layer that a change of the code leaves as it is.
RUN pip install --constraint constraints.txt '.[dask,postgres,services]' && pip uninstall --yes cowese \
    && rm -rf /app/build /app/*.egg-info \
    && find /opt/cowese/lib -type d -name tests -prune -exec rm -rf {} +
COPY --from=wheel /wheel /wheel
RUN pip install --no-deps --no-index /wheel/*.whl
USER 10001:10001
ENV COWESE_STORE=/store HOME=/home/cowese
VOLUME /store
CMD ["cowese", "--help"]
