"""
Names of holiday calendars, so that checking one does not import holidays and its 300 modules.

Made by ``tools/calendar_names.py``. A name that is not here is not wrong: another version of holidays may know it.
"""

from __future__ import annotations

_WITHOUT_PARTS = (
    "ABW AE AF AFG AG AGO AI AIA AL ALA ALB AM AO ARE ARM AS ASM ATF ATG AW AX AZ AZE BAH BB BD BDI BE BEL BEN"
    " BF BFA BG BGD BH BHS BI BJ BL BLG BLM BLR BLZ BM BMU BN BRB BRN BS BW BWA BY BZ CAF CC CCK CD CF CG CHN "
    "CI CIV CK CM CMR CN CO COD COG COK COL COM CR CRI CU CUB CUW CW CX CXR CY CYM CYP CZ CZE DJ DJI DK DM DMA"
    " DNK DO DOM DZ DZA EC ECU EE EG EGY ER ERI EST ET ETH FJ FJI FK FLK FO FRO GA GAB GD GE GEO GF GG GGY GH "
    "GHA GI GIB GIN GL GLP GM GMB GN GNB GP GR GRC GRD GRL GS GT GU GUA GUF GUM GUY GW GY HK HKG HN HND HR HRV"
    " HT HTI HU HUN ID IDN IE IL IM IMN IQ IR IRL IRN IRQ IS ISL ISR JAM JE JEY JM JO JOR JP JPN KAZ KE KEN KG"
    " KGZ KH KHM KI KIR KM KN KNA KOR KR KW KWT KY KZ LA LAO LB LBN LBR LBY LC LCA LI LIE LK LKA LR LS LSO LT "
    "LTU LU LUX LV LVA LY MA MAF MC MCO MD MDA MDG MDV ME MEX MF MG MH MHL MK MKD ML MLI MLT MN MNE MNG MNP "
    "MOR MOZ MP MQ MR MRT MS MSR MT MTQ MU MUS MV MW MWI MX MYT MZ NA NAM NC NCL NE NER NF NFK NG NGA NIU NL "
    "NLD NP NPL NR NRU NU OM OMN PA PAK PAN PCN PE PER PF PG PH PHL PK PL PLW PM PN PNG POL PR PRI PRY PS PSE "
    "PW PY PYF QA QAT RE REU RO ROU RS RU RUS RW RWA SA SAU SC SE SEN SG SGP SGS SI SJ SJM SK SL SLE SM SMR SN"
    " SO SOM SPM SR SRB SS SSD SUR SVK SVN SWE SX SXM SY SYC SYR SZ SZW TC TCA TCD TD TF TG TGO TH THA TJ TJK "
    "TK TKL TKM TL TLS TM TN TO TON TR TT TTO TUN TUR TW TWN TZ TZA UA UG UGA UKR UM UMI URY UY UZ UZB VA VAT "
    "VC VCT VE VEN VG VGB VI VIR VN VNM VTU VU WF WLF WS WSM YE YEM YT ZA ZAF ZM ZMB ZW ZWE"
)
_PARTS = {
    "AD AND": ("02, 03, 04, 05, 06, 07, 08"),
    "AR ARG": ("A, B, C, D, E, F, G, H, J, K, L, M, N, P, Q, R, S, T, U, V, W, X, Y, Z"),
    "AT AUT": ("1, 2, 3, 4, 5, 6, 7, 8, 9"),
    "AU AUS": ("ACT, NSW, NT, QLD, SA, TAS, VIC, WA"),
    "BA BIH": ("BIH, BRC, SRP"),
    "BES BQ": ("BON, SAB, STA"),
    "BO BOL": ("B, C, H, L, N, O, P, S, T"),
    "BR BRA": (
        "AC, AL, AM, AP, BA, CE, DF, ES, GO, MA, MG, MS, MT, PA, PB, PE, PI, PR, RJ, RN, RO, RR, RS, SC, SE, SP, TO"
    ),
    "BT BTN": ("11, 12, 13, 14, 15, 21, 22, 23, 24, 31, 32, 33, 34, 41, 42, 43, 44, 45, GA, TY"),
    "CA CAN": ("AB, BC, MB, NB, NL, NS, NT, NU, ON, PE, QC, SK, YT"),
    "CH CHE": (
        "AG, AI, AR, BE, BL, BS, FR, GE, GL, GR, JU, LU, NE, NW, OW, SG, SH, SO, SZ, TG, TI, UR, VD, VS, ZG, ZH"
    ),
    "CHL CL": ("AI, AN, AP, AR, AT, BI, CO, LI, LL, LR, MA, ML, NB, RM, TA, VS"),
    "CPV CV": ("BR, BV, CA, CF, CR, MA, MO, PA, PN, PR, RB, RG, RS, SD, SF, SL, SM, SO, SS, SV, TA, TS"),
    "DE DEU": ("Augsburg, BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH"),
    "ES ESP": ("AN, AR, AS, CB, CE, CL, CM, CN, CT, EX, GA, IB, MC, MD, ML, NC, PV, RI, VC"),
    "FI FIN": ("01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19"),
    "FM FSM": ("KSA, PNI, TRK, YAP"),
    "FR FRA": ("57, 6AE, 971, 972, 973, 974, 976, BL, MF, NC, PF, PM, TF, WF"),
    "GB GBR UK": ("ENG, NIR, SCT, WLS"),
    "GNQ GQ": ("AN, BN, BS, CS, DJ, KN, LI, WN"),
    "IN IND": (
        "AN, AP, AR, AS, BR, CG, CH, DH, DL, GA, GJ, HP, HR, JH, JK, KA, KL, LA, LD, MH, ML, MN, MP, MZ, NL, OD, "
        "PB, PY, RJ, SK, TN, TR, TS, UK, UP, WB"
    ),
    "IT ITA": (
        "AG, AL, AN, AO, AP, AQ, AR, AT, AV, Andria, BA, BG, BI, BL, BN, BO, BR, BS, BT, BZ, Barletta, CA, CB, CE,"
        " CH, CL, CN, CO, CR, CS, CT, CZ, Cesena, EN, FC, FE, FG, FI, FM, FR, Forli, GE, GO, GR, IM, IS, KR, LC, "
        "LE, LI, LO, LT, LU, MB, MC, ME, MI, MN, MO, MS, MT, NA, NO, NU, OR, PA, PC, PD, PE, PG, PI, PN, PO, PR, "
        "PT, PU, PV, PZ, Pesaro, RA, RC, RE, RG, RI, RM, RN, RO, SA, SI, SO, SP, SR, SS, SU, SV, TA, TE, TN, TO, "
        "TP, TR, TS, TV, Trani, UD, Urbino, VA, VB, VC, VE, VI, VR, VT, VV"
    ),
    "MAC MO": ("I, M"),
    "MY MYS": ("01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11, 12, 13, 14, 15, 16"),
    "NI NIC": ("AN, AS, BO, CA, CI, CO, ES, GR, JI, LE, MD, MN, MS, MT, NS, RI, SJ"),
    "NO NOR": ("03, 11, 15, 18, 21, 22, 34, 42, 46, 50"),
    "NZ NZL": ("AUK, BOP, CAN, CIT, GIS, HKB, MBH, MWT, NSN, NTL, OTA, STL, South Canterbury, TAS, TKI, WGN, WKO, WTC"),
    "PRT PT": ("01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 30"),
    "SB SLB": ("CE, CH, CT, GU, IS, MK, ML, RB, TE, WE"),
    "SLV SV": ("AH, CA, CH, CU, LI, MO, PA, SA, SM, SO, SS, SV, UN, US"),
    "ST STP": ("01, 02, 03, 04, 05, 06, P"),
    "TUV TV": ("FUN, NIT, NKF, NKL, NMA, NMG, NUI, VAI"),
    "US USA": (
        "AK, AL, AR, AS, AZ, CA, CO, CT, DC, DE, FL, GA, GU, HI, IA, ID, IL, IN, KS, KY, LA, MA, MD, ME, MI, MN, "
        "MO, MP, MS, MT, NC, ND, NE, NH, NJ, NM, NV, NY, OH, OK, OR, PA, PR, RI, SC, SD, TN, TX, UM, UT, VA, VI, "
        "VT, WA, WI, WV, WY"
    ),
}

PARTS: dict[str, tuple[str, ...]] = dict.fromkeys(_WITHOUT_PARTS.split(), ()) | {
    country: tuple(parts.split(", ")) for names, parts in _PARTS.items() for country in names.split()
}
"""The parts of each country, by the country's code of two or three letters."""
