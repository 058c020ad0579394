"""The look of columns side by side: on a phone they lie in a strip that is swiped, one column at a time."""

import streamlit as st

from pages.components.state import is_dark

_CSS = """<style>
.numbers{width:100%;border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
.numbers td{padding:.2rem 0;border:0;color:%quiet}
.numbers td:not(:first-child){text-align:right;color:inherit;padding-left:.5rem}
.numbers td.best{color:%best;font-weight:600}
[class*="st-key-cell_"]>:has(>[class*="st-key-below_"]){margin-top:auto}
[class*="st-key-row_comparison_"] [data-testid="stPageLink-NavLink"]{background:none}
.spread{margin:0 0 .25rem;font-size:.875rem;color:%quiet}
[class*="st-key-columns_"] [data-testid="stColumn"]{min-width:0}
[class*="st-key-columns_"] [data-testid="stHorizontalBlock"]{position:relative}
[class*="st-key-columns_"] [data-testid="stChatMessage"]{padding:0;background:none}
@media (max-width:1100px){
  [class*="st-key-columns_"]:has([data-testid="stColumn"]:nth-child(3)) [data-testid="stHorizontalBlock"]:has(>[data-testid="stColumn"]){
    flex-wrap:nowrap;overflow-x:auto;scroll-snap-type:x proximity;padding-bottom:.5rem}
  [class*="st-key-columns_"]:has([data-testid="stColumn"]:nth-child(3)) [data-testid="stColumn"]{
    flex:0 0 20rem;min-width:20rem;scroll-snap-align:start}}
@media (max-width:640px){
  [class*="st-key-columns_"] [data-testid="stHorizontalBlock"]:has(>[data-testid="stColumn"]){
    flex-wrap:nowrap!important;overflow-x:auto;scroll-snap-type:x mandatory;padding-bottom:.5rem}
  [class*="st-key-columns_"] [data-testid="stHorizontalBlock"]{align-items:flex-start}
  [class*="st-key-columns_"] [data-testid="stColumn"]{flex:0 0 88%!important;min-width:88%!important;scroll-snap-align:start}}
</style>"""


def compare_css() -> None:
    dark = is_dark()
    best, quiet = ("#6CC29A", "#A3ABB8") if dark else ("#2F7D5B", "#5F6673")
    st.html(_CSS.replace("%best", best).replace("%quiet", quiet))
