"""How the sub-regions of the UN M49 standard (unstats.un.org/unsd/methodology/m49) make up its five regions."""

# sub-region -> region; Latin America is split into its three parts, Sub-Saharan Africa into its four.
REGION_OF = {
    "015": "002",
    "014": "002",
    "017": "002",
    "018": "002",
    "011": "002",
    "021": "019",
    "029": "019",
    "013": "019",
    "005": "019",
    "143": "142",
    "030": "142",
    "034": "142",
    "035": "142",
    "145": "142",
    "151": "150",
    "154": "150",
    "039": "150",
    "155": "150",
    "053": "009",
    "054": "009",
    "057": "009",
    "061": "009",
}
