"""Everything that is not Streamlit: the engine, its journal, services, tools and clients."""
