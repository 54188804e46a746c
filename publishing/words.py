"""The site's own words, one set a language."""

WORDS = {
    "en": {
        "minutes": "{} min read",
        "table": ("Show the table", "Hide the table"),
        "notebook": "Download as a notebook, with outputs",
        "solved": "Solutions",
        "solutions": "Download as a notebook with the exercises’ solutions",
        "script": "Download as a Python file",
        "print": "Print this page, or save it as PDF",
        "whole": "Book",
        "book": "Download the whole book as PDF",
        "download": "Download this page",
        "launch": "Run this page",
        "binder": "Run on Binder",
        "colab": "Run on Colab",
        "lab": "Run at home: clone, then make lab",
        "not found": "There is no such page",
        "home": "Go to the first page",
        "other edition": "Français",
        "locale": "en_GB",
        "interactive": {
            "noscript": "This figure needs JavaScript.",
            "time": "time",
            "pause": "Pause",
            "run": "Run",
            "restart": "Restart",
            "help": "Drag to turn, or focus the picture and use the arrow keys.",
            "median": "median",
            "attractor": {
                "start": "Start: two orbits in your browser",
                "view": "Two orbits of the Lorenz system in space, one thick and blue, one thin "
                "and orange; the arrow keys turn the view.",
                "graph": "Distance of the two orbits against time, on a logarithmic axis; dashed, "
                "the growth of a small distance.",
                "rates": "Running exponent against time; held once the distance exceeds one. "
                "Dashed, the exponent of the classic values.",
                "starts": "Starting points",
                "apart": "distance",
                "distance": "distance",
                "exponent": "running exponent",
                "ahead": "Five time units ahead",
                "classic": "Classic values",
            },
            "generator": {
                "start": "Start: the trained generator in your browser",
                "draw": "Another series",
                "noise": "noise added",
                "butterfly": "A generated series in space; the arrow keys turn both views.",
                "true": "A series of the true equations, from a random start.",
                "series": "The first twenty time units of the generated series: x, y and z "
                "against time.",
                "true series": "The same of the true one.",
                "errors": "Flow residual of each generated step against time, on a logarithmic "
                "axis.",
                "residual": "Flow residual, in standard deviations",
                "rms": "root mean square",
                "mixed": "median of the same samples in random order",
            },
            "step": {
                "start": "Start: slide the step",
                "step": "step δt",
                "found": "equations found by",
                "differences": "forward differences",
                "flow": "the flow map",
                "by": "run by",
                "euler": "Euler’s steps of δt",
                "accurate": "accurate steps",
                "view": "Sixty time units of the equations found, in space; behind them in grey, "
                "the true attractor.",
                "graph": "The coordinate x of the same orbit against time.",
                "error": "RMSE27",
                "exponent": "largest exponent",
                "chaos": "chaos",
                "cycle": "the chaos is gone: it cycles",
                "rest": "the chaos is gone: it ends at rest",
                "gone": "it leaves for infinity",
                "equations": "The equations found, without terms below 0.005; the true "
                "ones are −10 x + 10 y, 28 x − y − xz and −2.67 z + xy",
            },
            "chaos": {
                "start": "Start: ten thousand starts in your browser",
                "radius": "radius of the ball",
                "view": "A ball of starts carried by the flow, in space; its colour is the place "
                "along the direction that will grow. Lines: the ellipsoid that the linear flow "
                "makes of the ball.",
                "graph": "Size of the cloud (orange) and of the ellipsoid (blue) against time, on "
                "a logarithmic axis.",
                "ahead": "Half a time unit ahead",
                "points": "starts",
                "size": "size of the cloud",
                "linear": "of the ellipsoid",
                "exponents": "running exponents",
                "sum": "sum",
            },
            "real": {
                "start": "Start: which curve is the network’s?",
                "curve": "Curve {0}: 20 time units in space; the arrow keys turn both views.",
                "ask": "Round {0} of {1}: which curve is the network’s?",
                "answer": "{0} is the network’s",
                "next": "Next round",
                "again": "Play again",
                "right": "Right",
                "wrong": "No",
                "deck": "{0} is the series of the deck’s GAN.",
                "book": "{0} is the series of the book’s generator.",
                "residuals": "Median flow residual: network {0}, equations {1} standard "
                "deviations.",
                "seen": "What gives it away: its samples do not follow from each other. The curve "
                "has corners and jumps where no flow has any.",
                "unseen": "What gives it away is nothing that an eye sees: only the size of its "
                "steps’ errors, in colour.",
                "colour": "Flow residual along the curve, in standard deviations",
                "score": "Score",
                "end": "{0} of {1} right: {2} of {3} against the deck’s GAN, {4} of {5} against "
                "the book’s generator, where a coin would get {6}.",
            },
            "noise": {
                "start": "Start: turn the noise up and down",
                "level": "noise",
                "view": "Four time units: measured (dots), recovered (thin blue line) and true "
                "(thick grey line). The noise is a share of the standard deviations.",
                "coefficients": "Errors of the seven coefficients relative to the true ones, a "
                "dot for each draw of the noise; band: two standard deviations of the "
                "Cramér-Rao bound.",
                "levels": "Error (root mean square, dots) and bound (lines) of the seven at all "
                "levels, on logarithmic axes; the upright line is the level shown.",
                "states": "distance from the truth",
                "measured": "measured",
                "recovered": "recovered",
                "exact": "exactly the seven terms",
                "numbers": "As a table",
                "term": "equation, term",
                "true": "true",
                "scatter": "error, root mean square",
                "bound": "bound",
            },
            "film": {
                "start": "Start: the training film",
                "network": "network",
                "deck": "the deck’s GAN",
                "book": "the book’s generator",
                "step": "step",
                "view": "A series that the generator draws at this step of its training; the "
                "arrow keys turn the view.",
                "scores": "How many real (blue) and generated (pink) samples the critic of this "
                "step gives which score.",
                "score": "score: higher is more real",
                "real": "real",
                "generated": "generated",
                "told": "the real one scores higher in",
                "residual": "median flow residual",
            },
        },
        "provenance": {
            "dirty": "with changes that are not committed",
            "commit": "Commit",
            "no commit": "Commit unknown",
            "built": "built on",
            "executed": "Executed in",
            "versions": "with these versions",
            "no code": "No code is executed on this page",
            "how": "how this book is made",
            "chapter": "chapter",
            "seconds": "seconds",
            "together": "together",
        },
        "first": {"distance": "Distance of the two:", "pause": "Pause", "run": "Run"},
        "pdf": {
            "contents": "Contents",
            "about": "This is the printed form of an executable book. Code that only draws or "
            "formats is left out here.",
            "run": "The site has all of it, as notebooks to run:",
            "still": "A still of an interactive figure. It moves at",
        },
    },
    "fr": {
        "minutes": "{} min de lecture",
        "table": ("Afficher le tableau", "Masquer le tableau"),
        "notebook": "Télécharger le notebook, avec ses résultats (en anglais)",
        "solved": "Corrigés",
        "solutions": "Télécharger le notebook avec les corrigés des exercices (en anglais)",
        "script": "Télécharger le fichier Python (en anglais)",
        "print": "Imprimer cette page, ou l’enregistrer en PDF",
        "whole": "Livre",
        "book": "Télécharger le livre entier en PDF",
        "download": "Télécharger cette page",
        "launch": "Exécuter cette page",
        "binder": "Exécuter sur Binder",
        "colab": "Exécuter sur Colab",
        "lab": "Exécuter chez soi : cloner le dépôt, puis make lab",
        "not found": "Cette page n’existe pas",
        "home": "Aller à la première page",
        "other edition": "English",
        "locale": "fr_FR",
        "not translated": "Cette page n’est pas encore traduite : la voici en anglais.",
        "partly translated": "Cette page n’est pas entièrement traduite : "
        "ce qui manque encore est en anglais.",
        # What the theme says in English even so.
        "theme": {
            "Search...": "Rechercher…",
            "Search": "Rechercher",
            "Apprendre Lorenz - Home": "Apprendre Lorenz, première page",
            "Toggle primary sidebar": "Afficher ou masquer le menu",
            "Toggle secondary sidebar": "Afficher ou masquer le plan de la page",
            "Show code cell source": "Afficher le code",
            "Hide code cell source": "Masquer le code",
            "Show code cell content": "Afficher le code et le résultat",
            "Hide code cell content": "Masquer le code et le résultat",
            "Main": "Menu principal",
            "Collapse Sidebar": "Replier le menu",
        },
        # What the drawings inside a page say to those who do not see them.
        "pictures": {
            "The Lorenz attractor, two flat wings of loops around two holes. Two orbits that start "
            "side by side end on different wings.": "L’attracteur de Lorenz, deux ailes plates de "
            "boucles autour de deux trous. Deux orbites qui partent côte à côte finissent sur des "
            "ailes différentes.",
            "Left, a short orbit that ends in a point; right, an orbit that draws the two wings of "
            "the Lorenz attractor.": "À gauche, une courte orbite qui finit en un point ; à "
            "droite, une orbite qui dessine les deux ailes de l’attracteur de Lorenz.",
            "Left, an orbit that spirals into a fixed point; right, an orbit that goes on drawing "
            "two wings.": "À gauche, une orbite qui s’enroule vers un point fixe ; à droite, une "
            "orbite qui dessine sans fin deux ailes.",
            "Left, a cloud of lines without a shape; right, the two wings of the Lorenz "
            "attractor.": "À gauche, un nuage de lignes sans forme ; à droite, les deux ailes de "
            "l’attracteur de Lorenz.",
            "Left, a thicket of short arcs that do not meet; right, arcs that join to the two "
            "wings of the Lorenz attractor.": "À gauche, un fouillis d’arcs courts qui ne se "
            "rejoignent pas ; à droite, des arcs qui se raccordent et forment les deux ailes de "
            "l’attracteur de Lorenz.",
        },
        "interactive": {
            "noscript": "Cette figure a besoin de JavaScript.",
            "time": "temps",
            "pause": "Pause",
            "run": "Continuer",
            "restart": "Recommencer",
            "help": "Faites glisser pour tourner, ou placez le curseur sur l’image et utilisez "
            "les flèches du clavier.",
            "median": "médiane",
            "attractor": {
                "start": "Démarrer : deux orbites dans votre navigateur",
                "view": "Deux orbites du système de Lorenz dans l’espace, l’une épaisse et bleue, "
                "l’autre fine et orange ; les flèches du clavier tournent la vue.",
                "graph": "Distance des deux orbites en fonction du temps, sur un axe "
                "logarithmique ; en tirets, la croissance d’une petite distance.",
                "rates": "Exposant courant en fonction du temps ; maintenu dès que la distance "
                "dépasse un. En tirets, l’exposant des valeurs classiques.",
                "starts": "Points de départ",
                "apart": "distance",
                "distance": "distance",
                "exponent": "exposant courant",
                "ahead": "Avancer de cinq unités de temps",
                "classic": "Valeurs classiques",
            },
            "generator": {
                "start": "Démarrer : le générateur entraîné dans votre navigateur",
                "draw": "Une autre série",
                "noise": "bruit ajouté",
                "butterfly": "Une série générée dans l’espace ; les flèches du clavier tournent "
                "les deux vues.",
                "true": "Une série des vraies équations, d’un départ aléatoire.",
                "series": "Les vingt premières unités de temps de la série générée : x, y et z en "
                "fonction du temps.",
                "true series": "Les mêmes de la vraie série.",
                "errors": "Résidu du flot à chaque pas généré en fonction du temps, sur un axe "
                "logarithmique.",
                "residual": "Résidu du flot, en écarts-types",
                "rms": "moyenne quadratique",
                "mixed": "médiane des mêmes échantillons dans un ordre aléatoire",
            },
            "step": {
                "start": "Démarrer : faire glisser le pas",
                "step": "pas δt",
                "found": "équations trouvées par",
                "differences": "différences avant",
                "flow": "le flot",
                "by": "suivies par",
                "euler": "les pas d’Euler de δt",
                "accurate": "des pas précis",
                "view": "Soixante unités de temps des équations trouvées, dans l’espace ; "
                "derrière elles, en gris, le vrai attracteur.",
                "graph": "La coordonnée x de la même orbite en fonction du temps.",
                "error": "RMSE27",
                "exponent": "plus grand exposant",
                "chaos": "chaos",
                "cycle": "le chaos a disparu : un cycle",
                "rest": "le chaos a disparu : l’orbite finit au repos",
                "gone": "l’orbite part à l’infini",
                "equations": "Les équations trouvées, sans les termes inférieurs à 0.005 ; les "
                "vraies sont −10 x + 10 y, 28 x − y − xz et −2.67 z + xy",
            },
            "chaos": {
                "start": "Démarrer : dix mille départs dans votre navigateur",
                "radius": "rayon de la boule",
                "view": "Une boule de départs emportée par le flot, dans l’espace ; sa couleur "
                "est la place le long de la direction qui va croître. Traits : l’ellipsoïde que "
                "le flot linéaire fait de la boule.",
                "graph": "Taille du nuage (orange) et de l’ellipsoïde (bleu) en fonction du "
                "temps, sur un axe logarithmique.",
                "ahead": "Avancer d’une demi-unité de temps",
                "points": "départs",
                "size": "taille du nuage",
                "linear": "de l’ellipsoïde",
                "exponents": "exposants courants",
                "sum": "somme",
            },
            "real": {
                "start": "Démarrer : quelle courbe est celle du réseau ?",
                "curve": "Courbe {0} : 20 unités de temps dans l’espace ; les flèches du clavier "
                "tournent les deux vues.",
                "ask": "Manche {0} sur {1} : quelle courbe est celle du réseau ?",
                "answer": "{0} est celle du réseau",
                "next": "Manche suivante",
                "again": "Rejouer",
                "right": "Oui",
                "wrong": "Non",
                "deck": "{0} est la série du GAN du diaporama.",
                "book": "{0} est la série du générateur de ce livre.",
                "residuals": "Résidu du flot médian : réseau {0}, équations {1} écarts-types.",
                "seen": "Ce qui la trahit : ses échantillons ne se suivent pas. La courbe a des "
                "coins et des sauts là où aucun flot n’en a.",
                "unseen": "Rien de ce qui la trahit ne se voit à l’œil : seule la taille des "
                "erreurs de ses pas, en couleur.",
                "colour": "Résidu du flot le long de la courbe, en écarts-types",
                "score": "Score",
                "end": "{0} justes sur {1} : {2} sur {3} contre le GAN du diaporama, {4} sur {5} "
                "contre le générateur de ce livre, où une pièce en aurait {6}.",
            },
            "noise": {
                "start": "Démarrer : augmenter et baisser le bruit",
                "level": "bruit",
                "view": "Quatre unités de temps : mesures (points), états retrouvés (trait bleu "
                "fin) et vrais (trait gris épais). Le bruit est une part des écarts-types.",
                "coefficients": "Erreurs des sept coefficients relatives aux vrais, un point par "
                "tirage du bruit ; bande : deux écarts-types de la borne de Cramér-Rao.",
                "levels": "Erreur (moyenne quadratique, points) et borne (traits) des sept à "
                "tous les niveaux, sur des axes logarithmiques ; le trait vertical est le "
                "niveau montré.",
                "states": "distance à la vérité",
                "measured": "mesurés",
                "recovered": "retrouvés",
                "exact": "exactement les sept termes",
                "numbers": "En tableau",
                "term": "équation, terme",
                "true": "vrai",
                "scatter": "erreur, moyenne quadratique",
                "bound": "borne",
            },
            "film": {
                "start": "Démarrer : le film de l’entraînement",
                "network": "réseau",
                "deck": "le GAN du diaporama",
                "book": "le générateur de ce livre",
                "step": "pas",
                "view": "Une série que le générateur dessine à ce pas de son entraînement ; les "
                "flèches du clavier tournent la vue.",
                "scores": "Combien d’échantillons réels (bleu) et générés (rose) reçoivent quel "
                "score du critique de ce pas.",
                "score": "score : plus haut, plus réel",
                "real": "réels",
                "generated": "générés",
                "told": "le réel a le meilleur score dans",
                "residual": "résidu du flot médian",
            },
        },
        "provenance": {
            "dirty": "avec des modifications non enregistrées",
            "commit": "Commit",
            "no commit": "Commit inconnu",
            "built": "construit le",
            "executed": "Exécuté en",
            "versions": "avec ces versions",
            "no code": "Aucun code n'est exécuté sur cette page",
            "how": "comment ce livre est fait",
            "chapter": "chapitre",
            "seconds": "secondes",
            "together": "au total",
        },
        "first": {"distance": "Distance des deux :", "pause": "Pause", "run": "Animer"},
        "pdf": {
            "contents": "Table des matières",
            "about": "Ceci est la forme imprimée d'un livre exécutable. Le code qui ne fait que "
            "dessiner ou mettre en forme est omis ici.",
            "run": "Le site le montre en entier, en notebooks exécutables :",
            "still": "Vue fixe d'une figure interactive. Elle s'anime à l'adresse",
        },
    },
}


def words(app):
    """The words of the edition that is being built."""
    return WORDS[(app.config.language or "en")[:2]]
