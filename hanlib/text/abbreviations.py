"""Abbreviations whose full stop does not necessarily end a sentence."""

# Always followed by a name or a number.
TITLES = (
    "Mr|Mrs|Ms|Mx|Dr|Drs|Prof|Rev|Hon|Fr|Gen|Col|Maj|Capt|Cpt|Cmdr|Lt|Sgt|Cpl|Pvt|Adm|Sen|Rep|Gov"
    "|Pres|Supt|Messrs|Mme|Mlle|St|Ste|Mt|Ft|mr|mrs|ms|dr|prof|st|vs|Vs|VS|v|cf|viz|al|eg|ie|ca"
    "|approx|Herr|Hr|Sr|Sra|Srta"
)
# A sentence ends after these only if the next word is one of STARTERS.
COMPANIES = "Inc|Corp|Co|Cos|Ltd|Bros|Jr|jr|sr|Esq|Ph\\.D|Ed|ed|eds|Dept|dept|Univ|Assn|Ave|Blvd|Rd"
PERIODS = (
    "etc|Etc|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri"
)
MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
)
# Abbreviations before a number, ordinary words elsewhere.
BEFORE_NUMBERS = "no|nos|p|pp|vol|vols|fig|figs|ch|chap|sec|art|eq|pt|ep|nr"
# `U.S.`, `e.g.`, `a.m.`, `J.R.R.`
ACRONYM = r"(?:\p{L}\.)+\p{L}"
# Words that, after an abbreviation, usually begin a new English sentence.
STARTERS = (
    "The|A|An|This|That|These|Those|There|Here|He|She|It|It's|We|They|I|I'm|I've|You|My|His|Her"
    "|Their|Our|Its|In|On|At|As|For|From|With|By|To|If|When|While|After|Before|Until|But|And"
    "|So|Yet|Then|What|Why|Who|How|Where|Which|No|Not|Yes|All|Some|Many|Most|One|However|Although"
    "|Though|Because|Since|Also|Even|Still|Just|Now|Once|Perhaps|Maybe|Despite|During|Both|Each"
    "|Every|Another|Such|Unlike|Overall|Next|First|Finally|Let|Do|Don't"
)
