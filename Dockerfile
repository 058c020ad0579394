# One container with everything, its own database included. How to run it: docs/self-hosting.md
FROM python:3.11-slim-bookworm

RUN useradd --uid 10001 --create-home aryabhatta \
    && install --directory --owner=aryabhatta --group=aryabhatta --mode=0700 /data

WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY LICENSE app.py ./
COPY .streamlit ./.streamlit
COPY core ./core
COPY migrations ./migrations
COPY pages ./pages

USER aryabhatta
ENV ARYABHATTA_HOME=/data \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501
VOLUME /data
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=10s --start-period=90s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['STREAMLIT_SERVER_PORT'] + '/healthz', timeout=8)"]
CMD ["python", "-m", "streamlit", "run", "app.py"]
