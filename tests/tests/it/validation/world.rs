//! The schema of the specification's examples (§5), with what its rules of input need beside.

use async_graphql::{EmptyMutation, Enum, ID, InputObject, Json, Object, OneofObject, Subscription};
use bff::{Bff, Have, Maybe, edges, entity};
use futures::{Stream, stream};
use kit::Value;

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum DogCommand {
    Sit,
    Down,
    Heel,
    /// Begins as a word of the language does.
    #[graphql(name = "trueHeel")]
    TrueHeel,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum CatCommand {
    Jump,
}

#[entity(local)]
pub struct Dog {
    name: String,
    nickname: Option<String>,
    bark_volume: Option<i32>,
}

fn dog() -> Dog {
    Dog { name: "Rex".to_owned(), nickname: None, bark_volume: Some(3) }
}

#[edges]
impl Dog {
    fn does_know_command(&self, dog_command: DogCommand) -> bool {
        dog_command == DogCommand::Sit
    }

    fn is_house_trained(&self, at_other_homes: Option<bool>) -> bool {
        at_other_homes.is_none()
    }

    fn owner(&self) -> Have<Human, Maybe> {
        Have::maybe(Some(ann()))
    }

    fn rival(&self) -> Have<Pet, Maybe> {
        Have::maybe(None)
    }
}

#[entity(local)]
pub struct Cat {
    name: String,
    nickname: Option<String>,
    meow_volume: Option<i32>,
}

fn cat() -> Cat {
    Cat { name: "Tom".to_owned(), nickname: None, meow_volume: None }
}

#[edges]
impl Cat {
    fn does_know_command(&self, cat_command: CatCommand) -> bool {
        cat_command == CatCommand::Jump
    }

    fn rival(&self) -> Have<Pet, Maybe> {
        Have::maybe(None)
    }
}

#[entity(local)]
pub struct Human {
    name: String,
}

fn ann() -> Human {
    Human { name: "Ann".to_owned() }
}

#[edges]
impl Human {
    fn pets(&self) -> Have<Pet, bff::Many> {
        Have::many(vec![Pet::Dog(dog())])
    }
}

#[entity(local)]
pub struct Alien {
    name: String,
    home_planet: Option<String>,
}

#[entity(local, interface("name", "rival"))]
pub enum Pet {
    Dog(Dog),
    Cat(Cat),
}

#[entity(local, interface("name"))]
pub enum Sentient {
    Human(Human),
    Alien(Alien),
}

#[entity(local)]
pub enum CatOrDog {
    Cat(Cat),
    Dog(Dog),
}

#[entity(local)]
pub enum DogOrHuman {
    Dog(Dog),
    Human(Human),
}

#[entity(local)]
pub enum HumanOrAlien {
    Human(Human),
    Alien(Alien),
}

/// How a dog is found.
#[derive(InputObject, Clone)]
pub struct FindDogInput {
    pub name: Option<String>,
    pub owner: Option<String>,
}

#[derive(InputObject, Clone)]
pub struct ComplexInput {
    pub name: Option<String>,
    pub required: i32,
    #[graphql(default = 7)]
    pub counted: i32,
    pub tags: Option<Vec<String>>,
    pub inner: Option<Box<ComplexInput>>,
    pub command: Option<DogCommand>,
    pub id: Option<ID>,
    pub ratio: Option<f64>,
    pub flag: Option<bool>,
}

#[derive(OneofObject, Clone)]
pub enum PetBy {
    Name(String),
    Number(i32),
}

/// Fields for every kind of argument.
#[entity(local)]
pub struct Arguments {
    name: String,
}

#[edges]
impl Arguments {
    fn multiple_requirements(&self, x: i32, y: i32) -> i32 {
        x.wrapping_add(y)
    }

    fn boolean_arg_field(&self, boolean_arg: Option<bool>) -> Option<bool> {
        boolean_arg
    }

    fn float_arg_field(&self, float_arg: Option<f64>) -> Option<f64> {
        float_arg
    }

    fn int_arg_field(&self, int_arg: Option<i32>) -> Option<i32> {
        int_arg
    }

    fn string_arg_field(&self, string_arg: Option<String>) -> Option<String> {
        string_arg
    }

    fn id_arg_field(&self, id_arg: Option<ID>) -> Option<String> {
        id_arg.map(|id| id.to_string())
    }

    fn non_null_boolean_arg_field(&self, non_null_boolean_arg: bool) -> bool {
        non_null_boolean_arg
    }

    fn non_null_int_arg_field(&self, non_null_int_arg: i32) -> i32 {
        non_null_int_arg
    }

    fn boolean_list_arg_field(&self, boolean_list_arg: Vec<Option<bool>>) -> i32 {
        i32::try_from(boolean_list_arg.len()).unwrap_or(0)
    }

    fn non_null_boolean_list_field(&self, non_null_boolean_list_arg: Option<Vec<bool>>) -> i32 {
        non_null_boolean_list_arg.map_or(0, |list| i32::try_from(list.len()).unwrap_or(0))
    }

    fn matrix_field(&self, matrix: Option<Vec<Vec<i32>>>) -> i32 {
        matrix.map_or(0, |list| i32::try_from(list.len()).unwrap_or(0))
    }

    fn optional_non_null_boolean_arg_field(
        &self,
        #[graphql(default = false)] optional_boolean_arg: bool,
    ) -> bool {
        optional_boolean_arg
    }

    fn complex_arg_field(&self, complex_arg: Option<ComplexInput>) -> Option<String> {
        complex_arg?.name
    }

    fn command_arg_field(&self, command_arg: Option<DogCommand>) -> bool {
        command_arg.is_some()
    }

    fn pet_arg_field(&self, pet_arg: Option<PetBy>) -> bool {
        pet_arg.is_some()
    }

    fn any_arg_field(&self, any_arg: Option<Json<Value>>) -> bool {
        any_arg.is_some()
    }
}

pub struct Query;

#[Object]
impl Query {
    async fn dog(&self) -> Have<Dog, Maybe> {
        Have::maybe(Some(dog()))
    }

    async fn human(&self) -> Have<Human, Maybe> {
        Have::maybe(Some(ann()))
    }

    async fn pet(&self) -> Have<Pet, Maybe> {
        Have::maybe(Some(Pet::Cat(cat())))
    }

    async fn cat_or_dog(&self, dogs: Option<bool>) -> Have<CatOrDog, Maybe> {
        Have::maybe(Some(if dogs == Some(true) { CatOrDog::Dog(dog()) } else { CatOrDog::Cat(cat()) }))
    }

    async fn dog_or_human(&self, human: Option<bool>) -> Have<DogOrHuman, Maybe> {
        Have::maybe(Some(if human == Some(true) { DogOrHuman::Human(ann()) } else { DogOrHuman::Dog(dog()) }))
    }

    async fn human_or_alien(&self, human: Option<bool>) -> Have<HumanOrAlien, Maybe> {
        let alien = || HumanOrAlien::Alien(Alien { name: "Zog".to_owned(), home_planet: None });
        Have::maybe(Some(if human == Some(true) { HumanOrAlien::Human(ann()) } else { alien() }))
    }

    async fn sentient(&self, human: Option<bool>) -> Have<Sentient, Maybe> {
        let alien = || Sentient::Alien(Alien { name: "Zog".to_owned(), home_planet: None });
        Have::maybe(Some(if human == Some(true) { Sentient::Human(ann()) } else { alien() }))
    }

    async fn arguments(&self) -> Have<Arguments, Maybe> {
        Have::maybe(Some(Arguments { name: "arguments".to_owned() }))
    }

    async fn find_dog(&self, search_by: Option<FindDogInput>) -> Have<Dog, Maybe> {
        Have::maybe(search_by.and_then(|by| by.name.or(by.owner)).map(|_| dog()))
    }

    async fn find_pet(&self, by: PetBy) -> String {
        match by {
            PetBy::Name(name) => name,
            PetBy::Number(number) => number.to_string(),
        }
    }

    async fn boolean_list(&self, boolean_list_arg: Option<Vec<bool>>) -> Option<bool> {
        boolean_list_arg?.first().copied()
    }
}

pub struct Live;

#[Subscription]
impl Live {
    async fn new_message(&self) -> impl Stream<Item = i32> + use<> {
        stream::iter([1])
    }

    async fn disallowed_second_root_field(&self) -> impl Stream<Item = i32> + use<> {
        stream::iter([1])
    }
}

pub fn bff() -> Bff {
    Bff::new("examples", "").schema(Query, EmptyMutation, Live)
}
