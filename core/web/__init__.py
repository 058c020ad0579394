"""The web server around the screens: routes, login, headers. No Streamlit in here."""
