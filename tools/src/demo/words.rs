//! The words of eleven languages from which names and titles are put together.
//!
//! A title is a head and a tail that agrees with any head (a prepositional phrase, mostly), so that no combination
//! is ungrammatical. Japanese puts the modifier first, so there the tail is written before the head.

/// People whose given and family names may be combined freely (Slavic family names follow gender).
pub struct People {
    pub given: &'static [&'static str],
    pub family: &'static [&'static str],
}

pub struct Language {
    /// BCP 47; also the prefix of a user's locale.
    pub code: &'static str,
    /// ISO 3166 countries where its artists live, each with a city.
    pub places: &'static [&'static (&'static str, &'static str)],
    pub people: &'static [&'static People],
    /// Complete names of bands; a tail may follow when there are more bands than names.
    pub bands: &'static [&'static str],
    pub heads: &'static [&'static str],
    pub tails: &'static [&'static str],
    pub comments: &'static [&'static str],
    /// Tail before head, without a space.
    pub modifier_first: bool,
    /// Artists out of a hundred.
    pub share: u32,
}

/// (id, name, parent)
#[rustfmt::skip] // word lists read best filled
pub const GENRES: &[(&str, &str, Option<&str>)] = &[
    ("pop", "Pop", None),
    ("dream-pop", "Dream Pop", Some("pop")),
    ("synth-pop", "Synth-Pop", Some("pop")),
    ("city-pop", "City Pop", Some("pop")),
    ("rock", "Rock", None),
    ("indie-rock", "Indie Rock", Some("rock")),
    ("post-rock", "Post-Rock", Some("rock")),
    ("shoegaze", "Shoegaze", Some("rock")),
    ("post-punk", "Post-Punk", Some("rock")),
    ("electronic", "Electronic", None),
    ("house", "House", Some("electronic")),
    ("techno", "Techno", Some("electronic")),
    ("ambient", "Ambient", Some("electronic")),
    ("drum-and-bass", "Drum and Bass", Some("electronic")),
    ("hip-hop", "Hip-Hop", None),
    ("lo-fi", "Lo-Fi", Some("hip-hop")),
    ("jazz", "Jazz", None),
    ("nu-jazz", "Nu Jazz", Some("jazz")),
    ("bossa-nova", "Bossa Nova", Some("jazz")),
    ("folk", "Folk", None),
    ("chamber-folk", "Chamber Folk", Some("folk")),
    ("fado", "Fado", Some("folk")),
    ("soul", "Soul", None),
    ("classical", "Classical", None),
    ("minimalism", "Minimalism", Some("classical")),
];

#[rustfmt::skip] // word lists read best filled
pub const LABELS: &[&str] = &[
    "Northlight", "Ostwind Tonträger", "Paper Lantern", "Discos Marea", "Maison Verte", "Kleine Welle", "海猫レコード",
    "Мелодия Севера", "Stillwater", "Gökkuşağı", "Łódka Records", "Tape Garden", "Slow Orbit", "Quartz & Salt",
    "Red Brick", "Fjordlyd",
];

#[rustfmt::skip] // word lists read best filled
pub const LANGUAGES: &[Language] = &[
    Language {
        code: "en",
        places: &[
            &("GB", "Bristol"), &("GB", "Glasgow"), &("US", "Portland"), &("US", "Chicago"), &("AU", "Melbourne"),
            &("IE", "Cork"), &("CA", "Halifax"), &("NZ", "Dunedin"),
        ],
        people: &[&People {
            given: &[
                "Ada", "Beth", "Callum", "Dora", "Elliot", "Fern", "Gwen", "Harlan", "Imogen", "Jonah", "Keir", "Lorna",
                "Maeve", "Niall", "Orla", "Perry", "Quentin", "Rhoda", "Silas", "Tamsin", "Una", "Vaughn", "Willa", "Zadie",
            ],
            family: &[
                "Ashdown", "Blackwood", "Carrow", "Dunmore", "Everly", "Farrow", "Greaves", "Holloway", "Ingram", "Jessop",
                "Kestrel", "Lockhart", "Marlowe", "Nightingale", "O’Dowd", "Pemberton", "Quill", "Rainsford", "Sayer",
                "Thorne", "Underhill", "Vance", "Winterbourne", "Yarrow",
            ],
        }],
        bands: &[
            "The Paper Kites Club", "Velvet Harbour", "Night Ferry", "Glass Orchard", "The Low Tides", "Cardinal & Wren",
            "Sunday Static", "Hollow Pines", "The Lantern Room", "Salt Meridian", "Copper Moths", "Idle Hands Choir",
            "Slow Cartographers", "Winter Postcards", "The Quiet Engines", "Marble Fox", "North of Nowhere", "Ghost Signals",
            "Tin Parade", "Blue Hour Society",
        ],
        heads: &[
            "Harbour", "Lantern", "Static", "Satellites", "Afterglow", "Paper Boats", "Midnight", "Wildfire", "Silver",
            "Postcards", "Undertow", "Daylight", "Echoes", "Gravity", "Letters", "Holiday", "Kingdom", "Rivers", "Mirrors",
            "Starlings", "Horizon", "Velvet", "Shadows", "Homecoming",
        ],
        tails: &[
            "in the Rain", "After Midnight", "for Nobody", "of the North", "on Fire", "Without You", "at Dawn",
            "in Slow Motion", "Under Glass", "by the Sea", "in Reverse", "from Home", "for the Lonely", "Beyond the Hill",
            "on Repeat", "in Blue", "of Salt", "Before Winter", "Again", "in Parallel",
        ],
        comments: &[
            "This drop!", "Goosebumps every time.", "Who is playing the bass here?", "On repeat since Monday.",
            "The quiet part before the chorus is everything.", "Saw this live, unforgettable.", "Underrated.",
            "My neighbours know this one by heart now.",
        ],
        modifier_first: false,
        share: 34,
    },
    Language {
        code: "de",
        places: &[&("DE", "Leipzig"), &("DE", "Hamburg"), &("AT", "Graz"), &("CH", "Zürich")],
        people: &[&People {
            given: &[
                "Änne", "Björn", "Clara", "Dörte", "Emil", "Frieda", "Götz", "Hanna", "Ida", "Jürgen", "Käthe", "Lukas",
                "Mathilda", "Nils", "Ottilie", "Rüdiger", "Sören", "Thea", "Ulrike", "Wenzel",
            ],
            family: &[
                "Altmann", "Böhm", "Dreßler", "Eichhorn", "Fährmann", "Grünwald", "Hölderle", "Jäger", "Köhler", "Lindner",
                "Müller", "Nößler", "Ostermann", "Prüfer", "Rößler", "Schäfer", "Trübner", "Vogelsang", "Weiß", "Zöllner",
            ],
        }],
        bands: &[
            "Nachtzug", "Die Glühwürmchen", "Fernsehturm", "Kleingartenverein", "Süßwasser", "Blaue Stunde", "Milchstraße 7",
            "Über den Dächern", "Wolkenkuckuck", "Das Große Rauschen",
        ],
        heads: &[
            "Nacht", "Sommer", "Wellen", "Stille", "Straßen", "Licht", "Träume", "Morgen", "Züge", "Himmel", "Gärten",
            "Schatten", "Fenster", "Brücken", "Vögel", "Glück", "Winterlied", "Großstadt",
        ],
        tails: &[
            "ohne Ende", "im Regen", "über der Stadt", "am Fluss", "für dich", "nach Mitternacht", "aus Glas", "bei Nacht",
            "hinter den Hügeln", "im Süden", "von gestern", "ohne Namen", "auf Zeit", "zwischen den Jahren",
        ],
        comments: &["Gänsehaut.", "Läuft seit Tagen rauf und runter.", "Der Bass ab hier!", "So schön traurig."],
        modifier_first: false,
        share: 9,
    },
    Language {
        code: "fr",
        places: &[&("FR", "Nantes"), &("FR", "Lyon"), &("BE", "Liège"), &("CA", "Montréal")],
        people: &[&People {
            given: &[
                "Aurélie", "Benoît", "Céleste", "Daphné", "Éloïse", "François", "Gaël", "Hélène", "Inès", "Jérôme", "Léonie",
                "Maëlle", "Noël", "Océane", "Rémi", "Solène", "Théo", "Zoé",
            ],
            family: &[
                "Arnaud", "Beaulieu", "Côté", "Desprès", "Élan", "Fontaine", "Garçon", "Hébert", "Joly", "Lefèvre", "Moreau",
                "Noël", "Pâris", "Queneau", "Renaud", "Sénéchal", "Thévenet", "Vallée",
            ],
        }],
        bands: &[
            "Les Marées", "Nuit Américaine", "Le Grand Détour", "Café Bleu Nuit", "Les Éphémères", "Fenêtre sur Cour",
            "Été Indien", "Déjà Hier", "La Ligne Claire", "Château Sauvage",
        ],
        heads: &[
            "La nuit", "Un été", "Les vagues", "Le silence", "Mes rêves", "L’aube", "Les étoiles", "Le fleuve", "Une lettre",
            "Ta voix", "Les forêts", "Un baiser", "La fête", "Le départ", "Nos ombres", "Février", "Les oiseaux", "La chaîne",
        ],
        tails: &[
            "sans fin", "de verre", "à Lisbonne", "sous la neige", "en hiver", "après minuit", "au bord de l’eau", "pour toi",
            "d’ailleurs", "sans adieu", "à contre-jour", "de l’été", "en secret", "avant l’orage",
        ],
        comments: &["Magnifique.", "J’adore ce passage !", "En boucle depuis ce matin.", "Quelle voix…"],
        modifier_first: false,
        share: 9,
    },
    Language {
        code: "es",
        places: &[&("ES", "Málaga"), &("MX", "Mérida"), &("AR", "Córdoba"), &("CL", "Valparaíso")],
        people: &[&People {
            given: &[
                "Álvaro", "Belén", "César", "Dolores", "Estrella", "Fermín", "Gracia", "Héctor", "Íñigo", "Jimena", "Lucía",
                "Martín", "Nicolás", "Óscar", "Paz", "Ramón", "Sofía", "Ximena",
            ],
            family: &[
                "Aragón", "Benítez", "Cáceres", "Domínguez", "Echeverría", "Figueroa", "Gálvez", "Hernández", "Ibáñez",
                "Jiménez", "López", "Muñoz", "Núñez", "Ordóñez", "Peña", "Quiñones", "Ríos", "Zúñiga",
            ],
        }],
        bands: &[
            "Los Días Raros", "La Mañana Siguiente", "Niño Cometa", "Tres Océanos", "El Último Tranvía", "Corazón de Papel",
            "Señal Perdida", "Las Golondrinas",
        ],
        heads: &[
            "La noche", "El verano", "Mañana", "Las olas", "Un sueño", "Tu nombre", "El camino", "Las luces", "Otoño",
            "La canción", "Corazón", "Los años", "Un pequeño mar", "La montaña", "El jardín", "Domingo",
        ],
        tails: &[
            "sin ti", "de cristal", "en el sur", "bajo la lluvia", "hasta el amanecer", "de ayer", "para nadie", "en llamas",
            "sin final", "al revés", "de sal", "junto al mar", "por la mañana", "de papel",
        ],
        comments: &["¡Qué temazo!", "Piel de gallina.", "Esto es pura magia.", "La mejor del disco."],
        modifier_first: false,
        share: 10,
    },
    Language {
        code: "pt",
        places: &[&("BR", "São Paulo"), &("BR", "Belém"), &("PT", "Évora"), &("PT", "Lisboa")],
        people: &[&People {
            given: &[
                "Antônio", "Beatriz", "Cecília", "Débora", "Estêvão", "Flávia", "Gonçalo", "Helena", "Inês", "João", "Letícia",
                "Marília", "Otávio", "Patrícia", "Tomás", "Vitória",
            ],
            family: &[
                "Araújo", "Brandão", "Conceição", "Falcão", "Galvão", "Guimarães", "Leitão", "Magalhães", "Nóbrega", "Paixão",
                "Queirós", "Ramalho", "Simões", "Távora", "Valadão",
            ],
        }],
        bands: &["Maré Mansa", "Os Vizinhos do Lado", "Avenida Atlântica", "Coração Elétrico", "Trio Amanhã", "Chão de Estrelas"],
        heads: &[
            "Manhã", "Saudade", "O mar", "As estrelas", "Canção", "A cidade", "Verão", "O avião", "As mãos", "Solidão",
            "A janela", "O violão", "Janeiro", "A estação",
        ],
        tails: &[
            "sem fim", "de verão", "do outro lado", "à beira-mar", "sem você", "em segredo", "depois da chuva", "de ninguém",
            "no sertão", "de papel", "em dó menor", "até amanhã",
        ],
        comments: &["Que saudade!", "Linda demais.", "Esse violão…", "Coração apertado aqui."],
        modifier_first: false,
        share: 8,
    },
    Language {
        code: "pl",
        places: &[&("PL", "Łódź"), &("PL", "Gdańsk"), &("PL", "Kraków")],
        people: &[
            &People {
                given: &["Łukasz", "Michał", "Paweł", "Stanisław", "Wojciech", "Jędrzej", "Błażej", "Grześ"],
                family: &["Wiśniewski", "Dąbrowski", "Zieliński", "Kamiński", "Jabłoński", "Górski", "Żurawski"],
            },
            &People {
                given: &["Agnieszka", "Małgorzata", "Żaneta", "Łucja", "Zofia", "Bożena", "Jagoda"],
                family: &["Wiśniewska", "Dąbrowska", "Zielińska", "Kamińska", "Jabłońska", "Górska", "Żurawska"],
            },
        ],
        bands: &["Ćmy i Świetliki", "Ostatni Tramwaj", "Zielona Noc", "Pół Księżyca", "Mała Wyspa", "Żółty Śnieg"],
        heads: &[
            "Noc", "Światło", "Deszcz", "Rzeka", "Cisza", "Lato", "Księżyc", "Podróż", "Ptaki", "Miasto", "Zima", "Dłonie",
        ],
        tails: &[
            "bez końca", "nad miastem", "o świcie", "po północy", "ze szkła", "na wyspie", "dla ciebie", "za oknem",
            "w grudniu", "pod śniegiem",
        ],
        comments: &["Ciary!", "Słucham w kółko.", "Piękne."],
        modifier_first: false,
        share: 5,
    },
    Language {
        code: "sv",
        places: &[&("SE", "Malmö"), &("SE", "Umeå"), &("NO", "Tromsø"), &("DK", "Århus")],
        people: &[&People {
            given: &[
                "Åsa", "Björn", "Cajsa", "Ebba", "Frøya", "Göran", "Håkan", "Ingrid", "Jørgen", "Linnéa", "Märta", "Östen",
                "Sigrún", "Tuva",
            ],
            family: &[
                "Ångström", "Bergström", "Dahl", "Ekelöf", "Fjällgren", "Grønland", "Højgaard", "Lindqvist", "Nygård", "Öberg",
                "Sjöberg", "Tønnessen", "Wåhlin",
            ],
        }],
        bands: &["Norrsken", "Kall Sommar", "Skärgårdsljus", "Små Öar", "Øst for Sol", "Midnattståg"],
        heads: &["Snö", "Natten", "Skogen", "Havet", "Ljuset", "Vår", "Drömmar", "Fåglar", "Hösten", "Gryning", "Vägen", "Tystnad"],
        tails: &["utan slut", "över isen", "i norr", "för alltid", "vid sjön", "efter regnet", "i maj", "utan dig", "på ön", "hemåt"],
        comments: &["Underbart.", "Rysningar!", "Så vackert."],
        modifier_first: false,
        share: 5,
    },
    Language {
        code: "tr",
        places: &[&("TR", "İzmir"), &("TR", "Eskişehir")],
        people: &[&People {
            given: &["Ayşe", "Barış", "Çağla", "Defne", "Gökçe", "İlker", "Özlem", "Şebnem", "Ümit", "Yağmur"],
            family: &["Aydın", "Çelik", "Doğan", "Erdoğdu", "Güneş", "Işık", "Öztürk", "Şahin", "Yıldız", "Yılmaz"],
        }],
        bands: &["Gece Vapuru", "Üç Güvercin", "Kırık Plak", "Işık Yılı"],
        heads: &["Gece", "Yağmur", "Deniz", "Şarkı", "Yıldızlar", "Güneş", "Rüya", "İstasyon", "Kuşlar", "Çığlık"],
        tails: &["İçinde", "Gibi", "Altında", "Olmadan", "Üstüne", "ve Sen", "Kadar", "Sonrası"],
        comments: &["Çok güzel!", "Tüylerim diken diken.", "Bu şarkı başka."],
        modifier_first: false,
        share: 4,
    },
    Language {
        code: "ru",
        places: &[&("RU", "Санкт-Петербург"), &("RU", "Казань"), &("KZ", "Алматы")],
        people: &[
            &People {
                given: &["Алексей", "Борис", "Глеб", "Егор", "Илья", "Лев", "Фёдор", "Юрий"],
                family: &["Белов", "Воронцов", "Зимин", "Королёв", "Лебедев", "Северов", "Щербаков", "Юдин"],
            },
            &People {
                given: &["Алёна", "Варвара", "Дарья", "Ксения", "Надежда", "Соня", "Ульяна", "Яна"],
                family: &["Белова", "Воронцова", "Зимина", "Королёва", "Лебедева", "Северова", "Щербакова", "Юдина"],
            },
        ],
        bands: &[
            "Ночной Трамвай", "Белый Шум", "Северное Сияние", "Бумажные Птицы", "Город и Река", "Последний Этаж",
            "Тихий Океан", "Ёлки", "Снег на Проводах", "Обратная Сторона",
        ],
        heads: &[
            "Ночь", "Дождь", "Дорога", "Песня", "Звёзды", "Тишина", "Весна", "Письма", "Огни", "Сон", "Река", "Поезд", "Облака",
            "Зима", "Голоса", "Берег",
        ],
        tails: &[
            "без сна", "под дождём", "над городом", "для двоих", "на рассвете", "из стекла", "у моря", "без слов", "до утра",
            "за окном", "на краю", "после зимы", "в темноте", "о тебе",
        ],
        comments: &["Мурашки!", "Слушаю на повторе.", "Лучшее место в песне.", "Как же красиво…"],
        modifier_first: false,
        share: 6,
    },
    Language {
        code: "uk",
        places: &[&("UA", "Львів"), &("UA", "Київ")],
        people: &[&People {
            given: &["Андрій", "Богдана", "Василь", "Ганна", "Євген", "Зоряна", "Ірина", "Марічка", "Олесь", "Ярина"],
            family: &["Бондаренко", "Гнатюк", "Дорошенко", "Їжакевич", "Коваленко", "Лисенко", "Пилипчук", "Шевчук"],
        }],
        bands: &["Зелений Клин", "Вечірнє Місто", "Їжаки", "Річка й Вітер"],
        heads: &["Ніч", "Дощ", "Зорі", "Пісня", "Вітер", "Дорога", "Місто", "Світло", "Літо", "Їхні голоси"],
        tails: &["без кінця", "над рікою", "до світанку", "для тебе", "у тиші", "після дощу", "біля моря", "зі скла"],
        comments: &["Мурахи по шкірі!", "Слухаю вже тиждень.", "Дуже гарно."],
        modifier_first: false,
        share: 3,
    },
    Language {
        code: "ja",
        places: &[&("JP", "東京"), &("JP", "京都"), &("JP", "札幌"), &("JP", "福岡")],
        people: &[&People {
            // The family name comes first in Japanese: the pair is written without a space, `given` before `family`.
            given: &["佐藤", "高橋", "渡辺", "中村", "小林", "加藤", "吉田", "山口", "松本", "井上", "青木", "藤原", "水野", "星野"],
            family: &["美香", "翔太", "葵", "健", "さくら", "陽菜", "悠真", "蓮", "結衣", "大和", "凛", "海斗", "ひかり", "直樹"],
        }],
        bands: &[
            "夜行列車", "東京少年", "青い鳥", "星屑レコード", "サマータイム", "海辺のラジオ", "透明人間", "ネオン街", "月光通信",
            "ひまわり団地", "カモメ食堂", "シティライツ",
        ],
        heads: &[
            "夜明け", "花火", "海", "東京", "月", "手紙", "夢", "電車", "雨", "星空", "夏休み", "風", "ラジオ", "桜", "メロディ", "約束",
            "カーテン", "光",
        ],
        tails: &[
            "夜明けの", "真夜中の", "透明な", "さよならの", "青い", "遠い", "雨の日の", "終わらない", "君だけの", "銀色の", "静かな",
            "海辺の", "八月の", "ふたりの", "名もなき",
        ],
        comments: &["最高!", "鳥肌が立った。", "何回でも聴ける。", "ここのギターが好き。", "泣ける…"],
        modifier_first: true,
        share: 7,
    },
];
