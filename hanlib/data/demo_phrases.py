"""The phrases of the demonstration corpus, written for this purpose.

Braces are slots: `{whole}` the reviewed thing, `{rival}` something else, `{adjective}` a word of
judgement, `{opposite}` one of the other polarity, `{companion}`, `{day}`, `{month}`, `{number}`
details that decide nothing.
"""

POSITIVE = (
    *("superb", "wonderful", "excellent", "delightful", "splendid", "brilliant", "charming"),
    *("lovely", "outstanding", "marvellous", "terrific", "impressive", "magnificent"),
    *("pleasant", "enjoyable", "good", "great", "fantastic"),
)
NEGATIVE = (
    *("dreadful", "awful", "terrible", "disappointing", "poor", "horrible", "mediocre"),
    *("tedious", "unpleasant", "miserable", "shabby", "dismal", "bad", "lousy"),
    *("frustrating", "appalling", "depressing", "tiresome"),
)
ADVERBS = ("really", "truly", "simply", "quite", "rather", "absolutely")

# The deciding sentence. In the first two kinds there is one word of judgement, in the other
# two both polarities occur, and only their order and their subjects say which one counts.
DIRECT = (
    "{whole} was {adverb} {adjective}.",
    "{whole} was {adjective} from beginning to end.",
    "In short, {whole} was {adjective}.",
    "I found {whole} {adverb} {adjective}.",
    "To be honest, {whole} turned out to be {adjective}.",
    "All things considered, {whole} was {adverb} {adjective}.",
)
NEGATED = (
    "{whole} was not {adjective} at all.",
    "{whole} was by no means {adjective}.",
    "{whole} was anything but {adjective}.",
    "I cannot say that {whole} was {adjective}.",
    "None of us would call {whole} {adjective}.",
    "In short, {whole} was not {adverb} {adjective}.",
)
CONTRAST = (
    "{rival} was {opposite}, but {whole} was {adjective}.",
    "{whole} was {adjective}, but {rival} was {opposite}.",
    "Although {rival} was {opposite}, {whole} was {adverb} {adjective}.",
    "{whole} was {adverb} {adjective}, although {rival} was {opposite}.",
    "While {rival} was {opposite}, I found {whole} {adjective}.",
)
EXPECTATION = (
    "I had expected {whole} to be {opposite}, but it was {adjective}.",
    "{companion} had warned me that {whole} would be {opposite}, yet it was {adverb} {adjective}.",
    "At first {whole} seemed {opposite}, but in the end it was {adjective}.",
)
# Judgements of something else, and what others say: they decide nothing.
ASIDE = (
    "{rival} was {adverb} {adjective}.",
    "{rival} was {adjective} from beginning to end.",
    "{rival} was not {adjective} at all.",
    "{rival} was anything but {adjective}.",
    "To be honest, {rival} turned out to be {adjective}.",
    "I still remember that {rival} was {adjective}.",
    "{companion} found {rival} {adverb} {adjective}.",
)
HEARSAY = (
    "Some people on the internet say that {whole} is {adjective}.",
    "A newspaper once called {whole} {adjective}.",
    "{companion} had heard that {whole} would be {adjective}.",
)

COMPANIONS = (
    *("my sister", "my brother", "an old friend", "my neighbour", "a colleague", "my aunt"),
    *("my father", "our cousin", "my flatmate", "our teacher"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "March", "April", "June", "August", "September", "October", "December")
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")

# thing reviewed -> its own names, the things it is confused with, and neutral sentences
TOPICS = {
    "hotel": {
        "whole": ("this hotel", "our stay here", "the hotel itself"),
        "rival": (
            *("the previous hotel", "the hotel next door", "the train journey", "the weather"),
            *("the airport taxi", "the old guest house"),
        ),
        "neutral": (
            "We stayed for {number} nights in {month}.",
            "The reception is on the ground floor, opposite the lift.",
            "Breakfast is served from seven to ten in a hall with yellow walls.",
            "Our room was on floor {number} and looked out on a car park.",
            "The station is {number} minutes away on foot.",
            "There is a small desk, a wardrobe and a lamp beside the bed.",
            "{companion} had booked the room by telephone.",
            "They ask for a passport and a deposit when you arrive.",
            "The pool opens in the afternoon and closes at sunset.",
            "We left on {day} before breakfast.",
            "Towels are changed every {number} days.",
            "A bus to the harbour stops in front of the door.",
        ),
    },
    "restaurant": {
        "whole": ("this restaurant", "the meal here", "the dinner itself"),
        "rival": (
            *("the café across the street", "the old bakery", "the meal on the ferry"),
            *("the soup at home", "the canteen at work", "the bar next door"),
        ),
        "neutral": (
            "We had reserved a table for {number} people on {day} evening.",
            "The menu lists fish, lamb, lentils and {number} kinds of bread.",
            "{companion} ordered a salad with beans and lemon.",
            "The kitchen can be seen through a window behind the counter.",
            "Water and olives are brought to every table.",
            "We sat near the stairs, under a painting of a ship.",
            "The bill came with a pencil and a piece of chocolate.",
            "They close in {month} for {number} weeks.",
            "The owner comes from a village in the mountains.",
            "Coats are hung on hooks along the corridor.",
            "I had the pasta with mushrooms and a glass of cider.",
            "The street is closed to cars after {number} in the evening.",
        ),
    },
    "novel": {
        "whole": ("this novel", "the book itself", "the story as a whole"),
        "rival": (
            *("the film version", "the first novel of this author", "the magazine on the train"),
            *("the poem at school", "the book before this one", "the play on television"),
        ),
        "neutral": (
            "The novel has {number} chapters and a map on the first page.",
            "It tells of a widow who inherits a lighthouse.",
            "{companion} lent it to me in {month}.",
            "The second part takes place in a mining town.",
            "I read it on the way to work, mostly on {day} mornings.",
            "A dictionary of old sailing terms is printed at the back.",
            "The narrator is a clerk who keeps a diary.",
            "There are {number} letters between the brothers.",
            "The translation came out in {month}.",
            "The cover shows a grey horse in the snow.",
            "My copy came from the library near the bridge.",
            "The author used to repair clocks for a living.",
        ),
    },
    "camera": {
        "whole": ("this camera", "the camera itself", "the device as a whole"),
        "rival": (
            *("my old camera", "the phone of my uncle", "the printer", "the delivery service"),
            *("the tripod from the market", "the model before this one"),
        ),
        "neutral": (
            "It arrived on {day} in a plain brown box.",
            "The battery is charged with the cable that comes with it.",
            "I took it to a wedding and to {number} football matches.",
            "The lens has a ring for the focus and another for the zoom.",
            "{companion} uses the same memory cards.",
            "The menu can be set to {number} languages.",
            "There is a strap, a cap and a printed guide in the box.",
            "It weighs about as much as {number} apples.",
            "I mostly photograph birds, rivers and bridges.",
            "The shutter button is on the right, next to a small wheel.",
            "The shop had it in black and in silver.",
            "I bought it in {month} with a voucher from work.",
        ),
    },
    "course": {
        "whole": ("this course", "the course as a whole", "the class itself"),
        "rival": (
            *("the course last year", "the evening school in town", "the bus ride"),
            *("the radio programme", "the lesson at the museum", "the other class"),
        ),
        "neutral": (
            "The course runs for {number} weeks, always on {day}.",
            "We were {number} students from different towns.",
            "Each lesson begins with a short dictation.",
            "{companion} signed up together with me.",
            "The textbook is blue and has a chapter about markets.",
            "There is homework after every second lesson.",
            "The room is on the top floor of a former school.",
            "In {month} there was a break because of the holidays.",
            "We practised dialogues about trains, doctors and recipes.",
            "A certificate is sent by post after the last exercise.",
            "The teacher writes new words on a green board.",
            "The fee can be paid in {number} parts.",
        ),
    },
    "flat": {
        "whole": ("this flat", "the apartment itself", "the home we rented"),
        "rival": (
            *("the flat upstairs", "our last apartment", "the house of my parents"),
            *("the moving company", "the garden of the neighbours", "the office of the landlord"),
        ),
        "neutral": (
            "We moved in on a {day} in {month}.",
            "There are {number} rooms, a hall and a narrow balcony.",
            "The washing machine stands in the cellar.",
            "{companion} helped us to carry the shelves.",
            "The rent is due on the third of the month.",
            "From the kitchen you see a row of chestnut trees.",
            "Our contract ends after {number} years.",
            "The walls are white and the doors are dark green.",
            "A tram passes every {number} minutes.",
            "The letter boxes are in the yard, beside the bicycles.",
            "Heating is by gas, and the meter is read in {month}.",
            "The caretaker lives on the ground floor with a cat.",
        ),
    },
}
