"""Everything that is not Streamlit: the engine, its journal, services, tools and clients."""

__version__ = "0.1.0"
